from __future__ import annotations

import pytest
from pydantic import ValidationError

from migrate.demo.platform.prompts import PromptProcessRequest


def test_only_messages_and_model_are_needed() -> None:
    """Everything about templates and retrieval may be left out."""
    asked = PromptProcessRequest.model_validate({"messages": [{"role": "user", "content": "hi"}], "model": "m"})
    assert (asked.messages[0].content, asked.user_id, asked.rag_config) == ("hi", None, None)


def test_a_role_that_no_chat_has_is_refused() -> None:
    """A message is spoken by system, user or assistant."""
    with pytest.raises(ValidationError):
        PromptProcessRequest.model_validate({"messages": [{"role": "tool", "content": ""}], "model": "m"})


def test_messages_are_answered_untouched() -> None:
    """Neither a template nor retrieval changes what was asked."""
    spoken = [{"role": "user", "content": "hi"}]
    asked = PromptProcessRequest.model_validate({"messages": spoken, "model": "m", "template_id": "t"})
    answer = {"messages": spoken, "used_template_id": "t", "rewritten": False, "rag_context_used": False}
    assert asked.processed() == answer
