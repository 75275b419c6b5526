"""What filtration and the data service both take to process a prompt."""

from typing import Any, Literal

from pydantic import BaseModel


class Message(BaseModel):
    """One chat message."""

    role: Literal["system", "user", "assistant"]
    content: str


class PromptProcessRequest(BaseModel):
    """Messages before templates and retrieval."""

    messages: list[Message]
    model: str
    user_id: str | None = None
    org_id: str | None = None
    template_id: str | None = None
    template_content: str | None = None
    template_vars: dict[str, Any] | None = None
    rag_config: dict[str, Any] | None = None
    template_config: dict[str, Any] | None = None

    def processed(self) -> dict[str, Any]:
        """The answer of both services: the messages untouched, since no template or retrieval is built in."""
        return {
            "messages": [message.model_dump() for message in self.messages],
            "used_template_id": self.template_id,
            "rewritten": False,
            "rag_context_used": False,
        }
