"""The private names of pygls 2.1 that lsp/ uses; raise the version with this test."""

import inspect

import pygls
from lsprotocol import types
from pygls.feature_manager import FeatureManager
from pygls.protocol import LanguageServerProtocol
from pygls.protocol.json_rpc import JsonRPCProtocol


def test_the_names_are_there():
    for name in (
        "_execute_handler",
        "_send_handler_result",
        "_check_handler_result",
        "_send_response",
        "_send_data",
        "get_message_type",
        "get_result_type",
        "handle_message",
        "structure_message",
        "set_writer",
        "msg_id",
    ):
        assert hasattr(LanguageServerProtocol, name), name


def test_the_signatures_are_those_that_are_overridden():
    parameters = inspect.signature(JsonRPCProtocol._execute_handler).parameters
    assert list(parameters) == [
        "self",
        "msg_id",
        "handler",
        "callback",
        "args",
        "kwargs",
    ]
    parameters = inspect.signature(JsonRPCProtocol._send_handler_result).parameters
    assert list(parameters) == ["self", "future", "msg_id"]


def test_the_state_is_kept_where_it_is_looked_for():
    source = inspect.getsource(JsonRPCProtocol.__init__)
    for name in ("_request_futures", "_shutdown", "_ctx_msg_id"):
        assert f"self.{name}" in source
    source = inspect.getsource(FeatureManager.__init__)
    for name in ("_features", "_commands"):
        assert f"self.{name}" in source


def test_the_built_in_handlers_are_those_that_are_replaced():
    for method in (
        types.EXIT,
        types.SHUTDOWN,
        types.INITIALIZE,
        types.WORKSPACE_EXECUTE_COMMAND,
    ):
        handlers = [
            attribute
            for attribute in vars(LanguageServerProtocol).values()
            if getattr(attribute, "method_name", None) == method
        ]
        assert len(handlers) == 1, method
    assert pygls.__name__ == "pygls"
