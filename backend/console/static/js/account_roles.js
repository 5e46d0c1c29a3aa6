// A new account's agency is asked for where its role is an agency's liaison.

for (const role of document.querySelectorAll("[data-role]")) {
  const agency = role.form.querySelector("[data-role-agency]");
  const show = () => {
    const isLiaison = role.value === "liaison";
    agency.hidden = !isLiaison;
    agency.querySelector("select").required = isLiaison;
  };
  role.addEventListener("change", show);
  show();
}
