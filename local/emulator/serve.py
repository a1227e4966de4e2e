"""Serves ministack on 127.0.0.1 and answers, on stdin and stdout, what only an emulator knows about identity.

The parent writes one JSON document a line to stdin, `{"id", "verb", ...}`, and reads one a line from stdout, `{"id", "ok"}` or
`{"id", "error": {"code", "message"}}`. The first line out, `{"ready": {"port", "pid"}}`, says that the port answers. Pipes
need no port and no token, and when the parent is gone, however it went, stdin ends and everything here ends with it.

verbs
  resolve  {accessKeyId, sessionToken?}                    -> {arn, accountId, secretAccessKey, expiration?}
  decide   {accessKeyId, action, resource, sourceIp?}      -> {decision: "Allow" | "Deny" | "ImplicitDeny", arn}
  session  {roleArn, sessionName, seconds}                 -> {accessKeyId, secretAccessKey, sessionToken, expiration, arn}
"""

import asyncio
import json
import os
import secrets
import signal
import socket
import sys
import threading
import time

from across_accounts import both_sides
from corrections import check_root_keys, correct_as_loaded, know_authority, wildcards_of_any_character

HOST = "127.0.0.1"


class Refusal(Exception):
    """What the emulator says no to, in AWS's words."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


def private_stdout():
    """The parent's pipe as a file of ours alone: whatever else prints goes to stderr, which is the log."""
    pipe = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    os.dup2(2, 1)
    return pipe


def end_with_children():
    """Ends this process and the Lambda workers it started. The parent made us a process group of our own, so the group is all ours."""
    if os.getpgid(0) == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(1)


def listen(port):
    """Bound here and not by the server, so that a free port cannot be taken between choosing and binding it."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((HOST, port))
    listener.listen(512)
    return listener


class Identity:
    """Questions on who a caller is and what it may do, put to ministack's own evaluator."""

    def __init__(self, account_id, region):
        self.account_id = account_id
        self.region = region

    def account_of(self, access_key_id):
        from ministack.core.iam_evaluator import find_iam_access_key_account
        from ministack.core.responses import _account_from_sts_session

        if len(access_key_id) == 12 and access_key_id.isdecimal():
            return access_key_id  # ministack's way to be root of another account
        return (
            _account_from_sts_session(access_key_id) or find_iam_access_key_account(access_key_id) or self.account_id
        )

    def resolve(self, accessKeyId, sessionToken=""):
        from ministack.core.iam_evaluator import CredentialResolutionError, resolve_credential

        found = resolve_credential(accessKeyId, self.account_of(accessKeyId), sessionToken)
        if isinstance(found, CredentialResolutionError):
            raise Refusal(found.code, found.message)
        return {
            "arn": found.principal_arn,
            "accountId": found.account_id,
            "secretAccessKey": found.secret_access_key,
            "expiration": found.expiration,
        }

    def decide(self, accessKeyId, action, resource, sourceIp=HOST):
        """ministack's `enforce` without its check of the signature, which the gateway has made."""
        from ministack.core import iam_evaluator as iam
        from ministack.core.responses import request_scope

        account_id = self.account_of(accessKeyId)
        # Where the policies of the caller's account are looked up.
        with request_scope(account_id, self.region):
            return self.decided(iam, accessKeyId, account_id, action, resource, sourceIp)

    def decided(self, iam, accessKeyId, account_id, action, resource, sourceIp):
        principal = iam.resolve_principal(accessKeyId, account_id)
        if isinstance(principal, iam.AuthError):
            raise Refusal(principal.code, principal.message)
        if principal.policies is None:
            return {"decision": "Allow", "arn": principal.arn}
        context = iam.EvalContext(
            principal_arn=principal.arn,
            principal_type=principal.type,
            principal_account=principal.account,
            action=action,
            resource_arn=resource,
            region=self.region,
            source_ip=sourceIp,
            # The loopback hop stands for AWS's TLS endpoint.
            secure_transport=True,
            service_context={
                "aws:tagkeys": None,
                # Who may follow a statement of the Data API: the service itself lets nobody but its owner, so here it is the caller.
                # The evaluator puts no variables into a policy's values; the value stands as the policy writes it.
                "redshift-data:statement-owner-iam-userid": "${aws:userid}",
            },
            principal_keys=principal.keys,
        )
        result = iam.evaluate(context, principal.policies, *principal.limits)
        service = action.split(":", 1)[0]
        found = iam._resource_policy("apigateway" if service == "execute-api" else service, resource)
        if found is not None:
            result = iam.combine_resource_policy(
                result, context, *found, required=service in iam._POLICY_REQUIRED, limits=principal.limits
            )
        return {"decision": result.decision, "arn": principal.arn}

    def session(self, roleArn, sessionName, seconds):
        """Temporary credentials of a role, as STS gives them to a service. The gateway has read the trust policy."""
        from ministack.services import iam, sts

        account_id, name = roleArn.split(":")[4], roleArn.rsplit("/", 1)[-1]
        role = iam._roles.get_scoped(account_id, None, name)
        if role is None:
            raise Refusal("AccessDenied", f"{roleArn} does not exist")
        access_key_id = "ASIA" + secrets.token_hex(8).upper()
        arn = f"arn:aws:sts::{account_id}:assumed-role/{name}/{sessionName}"
        expiration = time.time() + seconds
        record = {
            "Arn": arn,
            "AccountId": account_id,
            "UserId": f"{role.get('RoleId', name)}:{sessionName}",
            "PrincipalType": "AssumedRole",
            "SecretAccessKey": secrets.token_hex(20),
            "SessionToken": secrets.token_hex(32),
            "Expiration": expiration,
        }
        sts.register_session(access_key_id, record)
        return {
            "accessKeyId": access_key_id,
            "secretAccessKey": record["SecretAccessKey"],
            "sessionToken": record["SessionToken"],
            "expiration": expiration,
            "arn": arn,
        }

    def answer(self, question):
        from ministack.core.responses import request_scope

        verbs = {"resolve": self.resolve, "decide": self.decide, "session": self.session}
        arguments = {name: value for name, value in question.items() if name not in ("id", "verb")}
        try:
            with request_scope(self.account_id, self.region):
                return {"id": question["id"], "ok": verbs[question["verb"]](**arguments)}
        except Refusal as refusal:
            return {"id": question["id"], "error": {"code": refusal.code, "message": str(refusal)}}
        except Exception as problem:  # a question must never end the emulator
            return {"id": question["id"], "error": {"code": "InternalFailure", "message": repr(problem)}}


def main():
    pipe = private_stdout()
    account_id, region = os.environ["MINISTACK_ACCOUNT_ID"], os.environ["MINISTACK_REGION"]
    listener = listen(int(os.environ.get("GATEWAY_PORT", "0")))
    port = listener.getsockname()[1]
    # ministack reads it while it is imported, and its Lambda runtime later.
    os.environ["GATEWAY_PORT"] = str(port)

    from hypercorn.asyncio import serve
    from hypercorn.config import Config
    from ministack import app as ministack
    from ministack.core import iam_evaluator, sigv4

    know_authority(sigv4)
    check_root_keys(ministack, iam_evaluator)
    wildcards_of_any_character(iam_evaluator)
    both_sides(iam_evaluator)
    correct_as_loaded(ministack)
    identity = Identity(account_id, region)

    def say(document):
        pipe.write(json.dumps(document) + "\n")

    async def announced(scope, receive, send):
        """The app, that says when it has started."""

        async def told(message):
            await send(message)
            if message["type"] == "lifespan.startup.complete":
                say({"ready": {"port": port, "pid": os.getpid()}})

        await ministack.app(scope, receive, told if scope["type"] == "lifespan" else send)

    async def run():
        loop = asyncio.get_running_loop()

        def listen_to_parent():
            for line in sys.stdin:
                question = json.loads(line)
                # On the loop, where the services change what is asked about here.
                loop.call_soon_threadsafe(lambda asked=question: say(identity.answer(asked)))
            end_with_children()

        threading.Thread(target=listen_to_parent, name="parent", daemon=True).start()
        config = Config()
        config.bind = [f"fd://{listener.fileno()}"]
        config.keep_alive_timeout = 75
        config.loglevel = os.environ.get("LOG_LEVEL", "INFO")
        await serve(announced, config)

    asyncio.run(run())


if __name__ == "__main__":
    main()
