"""What ministack 1.5.33 leaves out where two accounts meet. On AWS a call across accounts needs a yes on both sides: of the caller's own policies, and of
the policy of the resource (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html); where the resource
is encrypted, of its key too. ministack knows buckets of other accounts for a caller that is the account itself, and neither secrets nor keys.
"""

from corrections import CORRECTIONS


def account_of(arn):
    """The account that an ARN names; empty for one that names none."""
    parts = arn.split(":", 5) if isinstance(arn, str) and arn.startswith("arn:") else []
    return parts[4] if len(parts) == 6 else ""


def in_scope(account_id, work):
    """Runs `work` where the stores of `account_id` are looked up."""
    from ministack.core.responses import get_region, request_scope

    with request_scope(account_id, get_region()):
        return work()


def both_sides(evaluator):
    """Corrects the evaluator itself; the services' corrections are made as they are loaded."""
    roles_as_principals(evaluator)
    keys_are_asked(evaluator)
    CORRECTIONS["secretsmanager"] = foreign_secrets
    CORRECTIONS["kms"] = foreign_keys
    s3 = CORRECTIONS["s3"]

    def buckets(module):
        s3(module)
        foreign_buckets(module, evaluator)

    CORRECTIONS["s3"] = buckets


def roles_as_principals(evaluator):
    """aws:PrincipalArn of a session is its role's ARN; ministack says the session's, so that no condition on a role ever holds."""
    resolve = evaluator._resolve_condition_key

    def resolved(key, context):
        if key.lower() == "aws:principalarn":
            return role_of(context.principal_arn)
        return resolve(key, context)

    evaluator._resolve_condition_key = resolved


def role_of(arn):
    from ministack.services import iam

    _, _, session = arn.partition(":assumed-role/")
    if not session:
        return arn
    account_id, name = account_of(arn), session.split("/")[0]
    role = iam._roles.get_scoped(account_id, None, name)
    return role["Arn"] if role else f"arn:aws:iam::{account_id}:role/{name}"


def foreign_buckets(s3, evaluator):
    """A bucket's policy sees the account as caller and not the role that calls, so a statement for one role admits nobody."""

    def allows(owner, bucket, key, method, query, caller, headers=None):
        from ministack.core.iam_actions import _s3_action, s3_service_context

        policy = s3._bucket_policies.get_scoped(owner, None, bucket)
        if not policy or not caller:
            return False
        path = f"/{bucket}/{key}" if key else f"/{bucket}"
        named = _s3_action(method, path, query) or ("GetObject" if method in ("GET", "HEAD") else "PutObject")
        action = f"s3:{named}"
        keys = in_scope(owner, lambda: s3_service_context(action, query, path, headers or {}))
        context = evaluator.EvalContext(
            principal_arn=evaluator.caller_arn(),
            principal_type="AssumedRole",
            principal_account=caller,
            action=action,
            resource_arn=f"arn:aws:s3:::{path.lstrip('/')}",
            region=s3.get_region(),
            service_context={name.lower(): value for name, value in keys.items()},
        )
        return evaluator.evaluate_resource_policy(policy, context).decision == "Allow"

    # Every bucket of ours is BucketOwnerEnforced: there are no ACLs beside the policy.
    s3._foreign_bucket_allows = allows


def foreign_secrets(secretsmanager):
    """A secret of another account is not found at all, whatever its policy says."""
    policy_of, get, describe = (
        secretsmanager.secret_policy_for_arn,
        secretsmanager._get_secret_value,
        secretsmanager._describe_secret,
    )
    secretsmanager.secret_policy_for_arn = lambda arn: in_scope(account_of(arn), lambda: policy_of(arn))

    def at_owner(work):
        def done(data):
            owner = account_of(data.get("SecretId"))
            return in_scope(owner, lambda: work(data)) if owner else work(data)

        return done

    secretsmanager._get_secret_value = at_owner(get)
    secretsmanager._describe_secret = at_owner(describe)


def foreign_keys(kms):
    """The policy of a key of another account is not found."""
    policy_of = kms.key_policy_for_arn
    kms.key_policy_for_arn = lambda arn: in_scope(account_of(arn), lambda: policy_of(arn))


def keys_are_asked(evaluator):
    """Reading what is encrypted with a key of another account needs that key, which the service asks in the caller's name."""
    enforce = evaluator.enforce

    def enforced(access_key_id, action, service, region, resource_arn="*", service_context=None):
        denied = enforce(access_key_id, action, service, region, resource_arn, service_context)
        if denied is not None or (behind := key_behind(action, resource_arn, region)) is None:
            return denied
        key_arn, key_action, context = behind
        return enforce(access_key_id, key_action, "kms", region, key_arn, context)

    evaluator.enforce = enforced


# What a service asks of the key for what it is asked itself.
ASKED = {
    "s3:GetObject": "kms:Decrypt",
    "s3:GetObjectVersion": "kms:Decrypt",
    "s3:PutObject": "kms:GenerateDataKey",
    "secretsmanager:GetSecretValue": "kms:Decrypt",
}


def key_behind(action, resource_arn, region):
    """The key of another account that a call needs, what is asked of it, and with which condition keys."""
    from ministack.core.responses import get_account_id
    from ministack.services import s3, secretsmanager

    if action not in ASKED:
        return None
    if action.startswith("s3:"):
        bucket = resource_arn.removeprefix("arn:aws:s3:::").split("/", 1)[0]
        owner = s3._bucket_owner_account(bucket)
        # With a bucket key the context is the bucket, whatever the object.
        key_arn = owner and in_scope(owner, lambda: key_of_bucket(s3, bucket))
        context = {"kms:EncryptionContext:aws:s3:arn": f"arn:aws:s3:::{bucket}", "kms:ViaService": f"s3.{region}.amazonaws.com"}
    else:
        owner = account_of(resource_arn)
        key_arn = owner and in_scope(owner, lambda: key_of_secret(secretsmanager, resource_arn))
        context = {
            "kms:EncryptionContext:SecretARN": resource_arn,
            "kms:ViaService": f"secretsmanager.{region}.amazonaws.com",
        }
    if not key_arn or owner == get_account_id():
        return None
    return key_arn, ASKED[action], context


def key_of_bucket(s3, bucket):
    return s3._bucket_default_sse_headers(bucket).get("x-amz-server-side-encryption-aws-kms-key-id")


def key_of_secret(secretsmanager, arn):
    """A secret without a key of its own has AWS's, which no other account can be given: a key of that name has no policy, and admits nobody."""
    _, secret = secretsmanager._resolve(arn)
    return secret and (secret.get("KmsKeyId") or f"arn:aws:kms:{arn.split(':')[3]}:{account_of(arn)}:alias/aws/secretsmanager")
