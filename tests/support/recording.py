"""A comm that keeps what Python sends to the browser, and can speak for the browser."""

from __future__ import annotations

import comm
from comm.base_comm import BaseComm, CommManager


class RecordingComm(BaseComm):
    sent: list[dict]

    def publish_msg(self, msg_type, data=None, metadata=None, buffers=None, **keys):
        if not hasattr(self, "sent"):
            self.sent = []
        self.sent.append({"type": msg_type, "data": data or {}, "buffers": buffers or []})


class Browser:
    """Installs itself as the other end of every comm."""

    def __init__(self, monkeypatch) -> None:
        manager = CommManager()
        monkeypatch.setattr(comm, "create_comm", RecordingComm)
        monkeypatch.setattr(comm, "get_comm_manager", lambda: manager)

    @staticmethod
    def custom(widget, kind):
        """Return the custom messages of a type that a widget has sent to the browser."""
        contents = [
            message["data"]["content"] for message in widget.comm.sent if message["data"].get("method") == "custom"
        ]
        return [content for content in contents if content.get("type") == kind]

    @staticmethod
    def says(widget, content):
        """Let the browser send a custom message to a widget."""
        widget.comm.handle_msg({"content": {"data": {"method": "custom", "content": content}}, "buffers": []})

    @staticmethod
    def sets(widget, **values):
        """Let the browser set traits of a widget."""
        data = {"method": "update", "state": values, "buffer_paths": []}
        widget.comm.handle_msg({"content": {"data": data}, "buffers": []})
