"""The assistant's custom actions, by topic. rasa_sdk finds the classes imported here."""

from bot.actions import folios, information, languages, people, petition

__all__ = ["folios", "information", "languages", "people", "petition"]
