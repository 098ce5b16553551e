"""Applies infra/template.yaml to moto, as SAM and CloudFormation would to AWS, and reads back what is there: as a new
stack, and as the update of one of an earlier template.

    pip install --requirement tests/infra/requirements.txt
    MOTO_SERVER=moto_server python tests/infra/apply.py

moto's CloudFormation says of every stack that it is complete, whatever it left out. What it leaves out
is made here with the services' own calls, whose parameters boto3 checks: see `CALLS`.
"""

import ast
import functools
import io
import json
import logging
import os
import pathlib
import re
import subprocess
import threading
import urllib.request
import zipfile

REGION, ACCOUNT, STACK = "eu-west-2", "123456789012", "connect-reports"
os.environ |= {"AWS_DEFAULT_REGION": REGION, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}

import boto3  # noqa: E402  The Region has to be known when these are imported.
from samcli.yamlhelper import yaml_parse  # noqa: E402
from samtranslator.translator.transform import transform  # noqa: E402

# It misses somebody who collects its metrics.
logging.getLogger("samtranslator").setLevel(logging.ERROR)

HERE = pathlib.Path(__file__)
TEMPLATE = (HERE.parents[2] / "infra" / "template.yaml").read_text()
EARLIER = (HERE.parent / "earlier.yaml").read_text()
INSTANCE = f"arn:aws:connect:{REGION}:{ACCOUNT}:instance/aaaabbbb-1111-4222-8333-ccccddddeeee"
# With these no condition of the template is true, and with those every one.
LEAST = {"Instance": INSTANCE, "Owner": "workforce@example.com", "From": "reports@mail.example.com"}
MOST = LEAST | {"Workers": "5", "Identity": "example.com", "Sandbox": "yes", "AlarmAddress": "operations@example.com",
                "OwnTemplates": "yes", "RecordDays": "90", "LogDays": "7", "MessagesPerSecond": "50",
                "ReservedConcurrency": "7", "AllowedLinks": "example.com"}
# What a stack keeps: without it, records and messages are lost, or everything is sent again.
KEPT = ["Bucket", "DeadLetters", "LogGroup", "Alarms", "Runs", "RunsDeadLetters"]


def main():
    process, url = start_moto()
    os.environ["AWS_ENDPOINT_URL"] = url
    try:
        for what, parameters in [("one invocation for each event", LEAST), ("five workers", MOST)]:
            for is_update in (False, True):
                urllib.request.urlopen(f"{url}/moto-api/reset", data=b"")
                asked, bucket = update(parameters) if is_update else apply(parameters)
                found, wanted = in_short(read_back(asked, bucket)), expected(parameters is MOST)
                for key in found | wanted:
                    equal(f"{what}: {key}", found.get(key), wanted.get(key))
                by_calls = sum(len(asked[kind]) for kind in asked if kind in CALLS)
                how = "updated" if is_update else "new"
                print(f"{what}, {how}: {sum(map(len, asked.values()))} resources, {by_calls} of them by calls of their own")
    finally:
        process.terminate()


def equal(what, found, wanted):
    if found != wanted:
        raise SystemExit(f"{what}\n  is        {found}\n  should be {wanted}")


# ---- Applying

# What AWS::NoValue comes to: a property that is not there.
NO_VALUE = object()

aws = functools.cache(boto3.client)


def start_moto():
    command = [os.environ.get("MOTO_SERVER", "moto_server"), "-H", "127.0.0.1", "-p", "0"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    for line in process.stderr:
        if "Running on " in line:
            # It logs on, and must not be stopped by a pipe that nobody reads.
            threading.Thread(target=process.stderr.read, daemon=True).start()
            return process, line.split("Running on ")[1].strip()
    raise SystemExit("moto_server ended before it said where it runs")


def apply(parameters):
    """Makes the stack; says what was asked for, by type, and the bucket's name."""
    template, asked = prepare(TEMPLATE, parameters)
    keep_code()
    values = [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()]
    aws("cloudformation").create_stack(StackName=STACK, TemplateBody=json.dumps(template), Parameters=values)
    return complete(asked, "CREATE_COMPLETE")


def update(parameters):
    """Makes a stack of the earlier template, and updates it, with its own parameters and what is new; see `apply`."""
    known = {key: it for key, it in parameters.items() if key in yaml_parse(EARLIER)["Parameters"]}
    template, _ = prepare(EARLIER, known)
    keep_code()
    values = [{"ParameterKey": key, "ParameterValue": value} for key, value in known.items()]
    aws("cloudformation").create_stack(StackName=STACK, TemplateBody=json.dumps(template), Parameters=values)
    before = physical_ids()
    template, asked = prepare(TEMPLATE, parameters)
    values = [{"ParameterKey": key} | ({"UsePreviousValue": True} if key in known else {"ParameterValue": value})
              for key, value in parameters.items()]
    aws("cloudformation").update_stack(StackName=STACK, TemplateBody=json.dumps(template), Parameters=values)
    after = physical_ids()
    for name in KEPT:
        equal(f"{name} is kept", after.get(name), before.get(name))
    return complete(asked, "UPDATE_COMPLETE")


def physical_ids():
    resources = aws("cloudformation").describe_stack_resources(StackName=STACK)["StackResources"]
    # What moto can't make has no name there.
    return {it["LogicalResourceId"]: it["PhysicalResourceId"] for it in resources if "LogicalResourceId" in it}


def prepare(template, parameters):
    """A template as CloudFormation of moto takes it, and what it asks for, by type."""
    template = yaml_parse(template)
    template["Resources"]["Function"]["Properties"]["CodeUri"] = {"Bucket": "code", "Key": "function.zip"}
    text = json.dumps(transform(template, dict(parameters), None))
    # moto's CloudFormation knows nothing of SES, and can't say what it is called.
    text = text.replace('{"Ref": "ConfigurationSet"}', f'"{STACK}"').replace("${ConfigurationSet}", STACK)
    template = json.loads(text)
    resources, outputs = template["Resources"], template["Outputs"]

    def as_output(it):
        """What a function of the template comes to, CloudFormation says in an output."""
        if len(it) == 1 and next(iter(it)).split("::")[0] in ("Ref", "Fn"):
            outputs[name := f"Value{len(outputs)}"] = {"Value": it}
            return {"Output": name}
        return None

    asked = {}
    for it in resources.values():
        if "Condition" not in it or parameters is MOST:
            properties = it.get("Properties", {})
            asked.setdefault(it["Type"], []).append(changed(properties, as_output) if it["Type"] in CALLS else {})
    resources.pop("Worker", None)  # Its function is made anew below.
    return template, asked


def keep_code():
    code = io.BytesIO()
    zipfile.ZipFile(code, "w").close()
    aws("s3").create_bucket(Bucket="code", CreateBucketConfiguration={"LocationConstraint": REGION})
    aws("s3").put_object(Bucket="code", Key="function.zip", Body=code.getvalue())


def complete(asked, status):
    """Makes what moto's CloudFormation leaves out."""
    (stack,) = aws("cloudformation").describe_stacks(StackName=STACK)["Stacks"]
    equal("the stack", stack["StackStatus"], status)
    names = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    asked = changed(asked, lambda it: names.get(it["Output"], NO_VALUE) if "Output" in it else None)
    for kind, call in CALLS.items():
        for properties in asked.get(kind, []):
            call(properties, names["Bucket"])
    return asked, names["Bucket"]


def changed(value, change):
    """The value, with other things in the place of the dictionaries that there is a change for."""
    if isinstance(value, dict):
        new = change(value)
        parts = {key: changed(it, change) for key, it in value.items()} if new is None else {}
        return {key: it for key, it in parts.items() if it is not NO_VALUE} if new is None else new
    return [changed(it, change) for it in value] if isinstance(value, list) else value


# ---- Calls in the place of CloudFormation


def make_function(it, _):
    # moto has made one, for another architecture.
    aws("lambda").delete_function(FunctionName=it["FunctionName"])
    reserved = it.pop("ReservedConcurrentExecutions", None)
    aws("lambda").create_function(**it | {"Tags": {tag["Key"]: tag["Value"] for tag in it["Tags"]}})
    if reserved:
        aws("lambda").put_function_concurrency(
            FunctionName=it["FunctionName"], ReservedConcurrentExecutions=int(reserved))


def make_worker(it, _):
    most = {"MaximumConcurrency": int(it["ScalingConfig"]["MaximumConcurrency"])}
    aws("lambda").create_event_source_mapping(**it | {"ScalingConfig": most})


def complete_bucket(it, name):
    # moto has made one, and given it no more than its encryption.
    block, rules = it["PublicAccessBlockConfiguration"], it["LifecycleConfiguration"]["Rules"]
    aws("s3").put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=block)
    aws("s3").put_bucket_ownership_controls(Bucket=name, OwnershipControls=it["OwnershipControls"])
    aws("s3").put_bucket_versioning(Bucket=name, VersioningConfiguration=it["VersioningConfiguration"])
    rules = {"Rules": [lifecycle_rule(**rule) for rule in rules]}
    aws("s3").put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration=rules)


def lifecycle_rule(Id, Prefix="", ObjectSizeGreaterThan=0, ExpirationInDays=0, ExpiredObjectDeleteMarker=False, **rest):
    """A rule as S3 writes it."""
    larger = {"And": {"Prefix": Prefix, "ObjectSizeGreaterThan": int(ObjectSizeGreaterThan)}}
    days = {"Days": int(ExpirationInDays)} if ExpirationInDays else {}
    expiration = days or {"ExpiredObjectDeleteMarker": True} if ExpiredObjectDeleteMarker else days
    rule = rest | {"ID": Id, "Filter": larger if ObjectSizeGreaterThan else {"Prefix": Prefix}}
    return rule | ({"Expiration": expiration} if expiration else {})


def make_event_destination(it, _):
    # moto has them in the first version of the API only.
    to = dict(it["EventDestination"])
    to["SNSDestination"] = to.pop("SnsDestination")
    aws("ses").create_configuration_set_event_destination(
        ConfigurationSetName=it["ConfigurationSetName"], EventDestination=to)


# By type, in the order in which they need each other.
CALLS = {
    "AWS::Lambda::Function": make_function,
    "AWS::Lambda::EventInvokeConfig": lambda it, _: aws("lambda").put_function_event_invoke_config(**it),
    "AWS::Lambda::EventSourceMapping": make_worker,
    "AWS::SQS::QueuePolicy": lambda it, _: aws("sqs").set_queue_attributes(
        QueueUrl=it["Queues"][0], Attributes={"Policy": json.dumps(it["PolicyDocument"])}),
    "AWS::Scheduler::Schedule": lambda it, _: aws("scheduler").create_schedule(**it),
    "AWS::S3::Bucket": complete_bucket,
    "AWS::S3::BucketPolicy": lambda it, name: aws("s3").put_bucket_policy(
        Bucket=name, Policy=json.dumps(it["PolicyDocument"])),
    "AWS::SNS::TopicPolicy": lambda it, _: aws("sns").set_topic_attributes(
        TopicArn=it["Topics"][0], AttributeName="Policy", AttributeValue=json.dumps(it["PolicyDocument"])),
    "AWS::SNS::Subscription": lambda it, _: aws("sns").subscribe(**it),
    "AWS::SES::ConfigurationSet": lambda it, _: aws("sesv2").create_configuration_set(
        ConfigurationSetName=it["Name"], ReputationOptions=it["ReputationOptions"]),
    "AWS::SES::ConfigurationSetEventDestination": make_event_destination,
    "AWS::CloudWatch::Alarm": lambda it, _: aws("cloudwatch").put_metric_alarm(**it),
}


# ---- Reading back


def read_back(asked, name):
    s3, functions = aws("s3"), aws("lambda")
    function = functions.get_function_configuration(FunctionName=STACK)
    variables = function["Environment"]["Variables"].items()
    (bucket,), (topic,) = asked["AWS::S3::Bucket"], aws("sns").list_topics()["Topics"]
    encryption = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]
    found = {
        "function": values(function, "Runtime Architectures MemorySize Timeout Handler"),
        "concurrency": functions.get_function_concurrency(FunctionName=STACK).get("ReservedConcurrentExecutions"),
        "environment": {key.removeprefix("CONNECT_REPORTS_"): it for key, it in variables if it},
        # Here and of the rules, moto forgets what it was asked for.
        "log": asked["AWS::Lambda::Function"][0]["LoggingConfig"],
        "log groups": [values(it, "logGroupName retentionInDays") for it in aws("logs").describe_log_groups()["logGroups"]],
        "invocations": values(functions.get_function_event_invoke_config(FunctionName=STACK, Qualifier="$LATEST"),
                              "MaximumRetryAttempts MaximumEventAgeInSeconds DestinationConfig"),
        "workers": [values(it, "EventSourceArn BatchSize FunctionResponseTypes ScalingConfig")
                    for it in functions.list_event_source_mappings()["EventSourceMappings"]],
        "schedule": values(aws("scheduler").get_schedule(Name=STACK),
                           "ScheduleExpression ScheduleExpressionTimezone FlexibleTimeWindow Target"),
        "public": s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"],
        "bucket": [s3.get_bucket_ownership_controls(Bucket=name)["OwnershipControls"]["Rules"],
                   s3.get_bucket_versioning(Bucket=name)["Status"],
                   [it["ApplyServerSideEncryptionByDefault"] for it in encryption]],
        "bucket's policy": statements(json.loads(s3.get_bucket_policy(Bucket=name)["Policy"])),
        "rules": {it.pop("ID"): it for it in s3.get_bucket_lifecycle_configuration(Bucket=name)["Rules"]},
        "sizes": [it.get("ObjectSizeGreaterThan") for it in bucket["LifecycleConfiguration"]["Rules"]],
        "topic": statements(json.loads(aws("sns").get_topic_attributes(**topic)["Attributes"]["Policy"])),
        "subscriptions": [it["Endpoint"] for it in aws("sns").list_subscriptions()["Subscriptions"]],
        "mail events": aws("ses").describe_configuration_set(
            ConfigurationSetName=STACK, ConfigurationSetAttributeNames=["eventDestinations"])["EventDestinations"],
        "reputation": aws("sesv2").get_configuration_set(ConfigurationSetName=STACK)["ReputationOptions"],
    }
    for url in aws("sqs").list_queues()["QueueUrls"]:
        attributes = aws("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        found[url.split("-")[-2]] = values(
            attributes, "VisibilityTimeout MessageRetentionPeriod SqsManagedSseEnabled RedrivePolicy")
        found[url.split("-")[-2]] += statements(json.loads(attributes["Policy"]))
    for it in aws("cloudwatch").describe_alarms()["MetricAlarms"]:
        equal(it["AlarmName"], it["AlarmActions"] + it["OKActions"], [topic["TopicArn"]] * 2)
        said = values(it, "Namespace MetricName Statistic Period ComparisonOperator Threshold TreatMissingData")
        found[it["AlarmName"]] = " ".join(map(str, said + [it["Dimensions"][0]["Value"]]))
    for role in aws("iam").list_roles()["Roles"]:
        for policy in aws("iam").list_role_policies(RoleName=role["RoleName"])["PolicyNames"]:
            document = aws("iam").get_role_policy(RoleName=role["RoleName"], PolicyName=policy)["PolicyDocument"]
            # moto gives those of a stack in Python's notation, with None for AWS::NoValue.
            document = ast.literal_eval(document) if isinstance(document, str) else document
            found[f"{role['RoleName'].split('-')[-2]} {policy}"] = statements(document)
    return found


def values(it, keys):
    return [it.get(key) for key in keys.split()]


def statements(document):
    """Each as a line: effect, for whom, actions, resources, and the condition."""
    parts = [[it["Effect"], it.get("Principal"), it["Action"], it["Resource"], it.get("Condition")]
             for it in document["Statement"] if it is not None]
    lists = [[x if isinstance(x, list) else [x] for x in them] for them in parts]
    return [" ".join(x if isinstance(x, str) else json.dumps(x) for xs in them for x in xs if x) for them in lists]


def in_short(found):
    """With short words for long ones, and without the random endings that CloudFormation gives to names."""
    text = re.sub(rf"({STACK}-\w+)-\w{{12}}\b", r"\1", json.dumps(found))
    for long, short in [(INSTANCE, "INSTANCE"), (f":{REGION}:{ACCOUNT}:", ":HERE:"), (STACK, "STACK")]:
        text = text.replace(long, short)
    return json.loads(text)


# ---- What should be there

EXPECTED = """
function: [provided.al2023, [arm64], 256, 300, bootstrap]
concurrency: <null|7>
environment:
  DEFINITIONS: s3://STACK-bucket/reports
  RUNS: s3://STACK-bucket/runs
  <|TEMPLATES: s3://STACK-bucket/templates>
  INSTANCE: INSTANCE
  OWNER: workforce@example.com
  FROM: Queue reports <reports@mail.example.com>
  CONFIGURATION_SET: STACK
  ALLOWED_RECIPIENTS: mail.example.com,<mail.example.com|example.com>,example.com
  <|ALLOWED_LINKS: example.com>
  REQUESTS_PER_SECOND: "10"
  LISTS_PER_SECOND: "2"
  MESSAGES_PER_SECOND: "<14|50>"
  <|QUEUE_URL: https://sqs.eu-west-2.amazonaws.com/123456789012/STACK-Runs>
  <|MAXIMUM_CONCURRENCY: "5">
log: {LogGroup: /aws/lambda/STACK, LogFormat: Text}
log groups: [[/aws/lambda/STACK, <30|7>]]
invocations: [2, 3600, {OnFailure: {Destination: "arn:aws:sqs:HERE:STACK-DeadLetters"}}]
workers: [<|["arn:aws:sqs:HERE:STACK-Runs", 1, [ReportBatchItemFailures], {MaximumConcurrency: 5}]>]
schedule:
  - cron(0/15 * * * ? *)
  - UTC
  - Mode: "OFF"
  - Arn: arn:aws:lambda:HERE:function:STACK
    RoleArn: arn:aws:iam::123456789012:role/STACK-ScheduleRole
    Input: '{"id": "tick-<aws.scheduler.scheduled-time>", "time": "<aws.scheduler.scheduled-time>"}'
    RetryPolicy: {MaximumRetryAttempts: 10, MaximumEventAgeInSeconds: 3600}
    DeadLetterConfig: {Arn: "arn:aws:sqs:HERE:STACK-DeadLetters"}
public: {BlockPublicAcls: true, BlockPublicPolicy: true, IgnorePublicAcls: true, RestrictPublicBuckets: true}
bucket: [[{ObjectOwnership: BucketOwnerEnforced}], Enabled, [{SSEAlgorithm: AES256}]]
bucket's policy:
  - 'Deny * s3:* arn:aws:s3:::STACK-bucket arn:aws:s3:::STACK-bucket/* {"Bool": {"aws:SecureTransport": "false"}}'
rules:
  records: {Status: Enabled, Filter: {And: {Prefix: runs/}}, Expiration: {Days: <400|90>}}
  earlier-records: {Status: Enabled, Filter: {Prefix: runs/}, NoncurrentVersionExpiration: {NoncurrentDays: 7}}
  earlier-definitions: {Status: Enabled, Filter: {Prefix: reports/}, NoncurrentVersionExpiration: {NoncurrentDays: 365}}
  earlier-templates: {Status: Enabled, Filter: {Prefix: templates/}, NoncurrentVersionExpiration: {NoncurrentDays: 365}}
  leftovers:
    {Status: Enabled, Filter: {Prefix: ""}, Expiration: {ExpiredObjectDeleteMarker: true},
     AbortIncompleteMultipartUpload: {DaysAfterInitiation: 7}}
sizes: ["300", null, null, null, null]
topic:
  - 'Allow {"Service": "cloudwatch.amazonaws.com"} sns:Publish arn:aws:sns:HERE:STACK-Alarms {"StringEquals":
    {"aws:SourceAccount": "123456789012"}, "ArnLike": {"aws:SourceArn": "arn:aws:cloudwatch:HERE:alarm:*"}}'
  - 'Allow {"Service": "ses.amazonaws.com"} sns:Publish arn:aws:sns:HERE:STACK-Alarms {"StringEquals":
    {"aws:SourceAccount": "123456789012", "aws:SourceArn": "arn:aws:ses:HERE:configuration-set/STACK"}}'
  - 'Deny * sns:Publish arn:aws:sns:HERE:STACK-Alarms {"Bool": {"aws:SecureTransport": "false"}}'
subscriptions: [<|operations@example.com>]
mail events:
  - Name: alarms
    Enabled: true
    MatchingEventTypes: [bounce, complaint, reject, deliveryDelay]
    SNSDestination: {TopicARN: "arn:aws:sns:HERE:STACK-Alarms"}
reputation: {ReputationMetricsEnabled: true}
DeadLetters:
  - "30"
  - "1209600"
  - "true"
  - null
  - 'Deny * sqs:* arn:aws:sqs:HERE:STACK-DeadLetters {"Bool": {"aws:SecureTransport": "false"}}'
<|RunsDeadLetters:
  - "30"
  - "1209600"
  - "true"
  - null
  - 'Deny * sqs:* arn:aws:sqs:HERE:STACK-RunsDeadLetters {"Bool": {"aws:SecureTransport": "false"}}'>
<|Runs:
  - "1800"
  - "86400"
  - "true"
  - '{"deadLetterTargetArn": "arn:aws:sqs:HERE:STACK-RunsDeadLetters", "maxReceiveCount": 5}'
  - 'Deny * sqs:* arn:aws:sqs:HERE:STACK-Runs {"Bool": {"aws:SecureTransport": "false"}}'>
STACK-failed: ConnectReports Failed Sum 300 GreaterThanOrEqualToThreshold 1.0 notBreaching STACK
STACK-unknown: ConnectReports Unknown Sum 300 GreaterThanOrEqualToThreshold 1.0 notBreaching STACK
STACK-overdue: ConnectReports Overdue Sum 300 GreaterThanOrEqualToThreshold 1.0 notBreaching STACK
STACK-throttles: ConnectReports Throttles Sum 900 GreaterThanOrEqualToThreshold 10.0 notBreaching STACK
STACK-silence: ConnectReports Ticks Sum 3600 LessThanThreshold 1.0 breaching STACK
STACK-errors: AWS/Lambda Errors Sum 300 GreaterThanOrEqualToThreshold 1.0 notBreaching STACK
STACK-dead-letters: AWS/SQS ApproximateNumberOfMessagesVisible Maximum 300 GreaterThanOrEqualToThreshold 1.0
  notBreaching STACK-DeadLetters
<|STACK-runs-dead-letters: AWS/SQS ApproximateNumberOfMessagesVisible Maximum 300 GreaterThanOrEqualToThreshold 1.0
  notBreaching STACK-RunsDeadLetters>
FunctionRole figures:
  - Allow connect:GetMetricDataV2 INSTANCE INSTANCE/queue/* INSTANCE/routing-profile/* INSTANCE/agent/*
    INSTANCE/agent-group/*
  - Allow connect:DescribeUserHierarchyStructure connect:ListRoutingProfiles connect:ListUserProficiencies connect:SearchQueues
    connect:SearchUserHierarchyGroups connect:SearchUsers INSTANCE
  - Allow connect:DescribeQueue connect:ListQueues INSTANCE/queue/*
  - Allow connect:DescribeUser connect:ListUserProficiencies INSTANCE/agent/*
  - Allow connect:DescribeUserHierarchyGroup INSTANCE/agent-group/*
FunctionRole mail:
  - 'Allow ses:SendRawEmail arn:aws:ses:HERE:identity/reports@mail.example.com
    arn:aws:ses:HERE:identity/mail.example.com <|arn:aws:ses:HERE:identity/example.com
    arn:aws:ses:HERE:identity/*>
    arn:aws:ses:HERE:configuration-set/STACK {"StringEqualsIgnoreCase": {"ses:FromAddress": "reports@mail.example.com"}}'
FunctionRole store:
  - Allow s3:ListBucket arn:aws:s3:::STACK-bucket
  - Allow s3:GetObject arn:aws:s3:::STACK-bucket/reports/*.toml arn:aws:s3:::STACK-bucket/templates/*.html
    arn:aws:s3:::STACK-bucket/templates/*.svg arn:aws:s3:::STACK-bucket/templates/*.txt
  - Allow s3:GetObject s3:PutObject arn:aws:s3:::STACK-bucket/runs/*.json
  - Allow s3:PutObject arn:aws:s3:::STACK-bucket/runs/*.zip
FunctionRole log: # In AWS, `:*` follows, which stands for the streams.
  - Allow logs:CreateLogStream logs:PutLogEvents arn:aws:logs:HERE:log-group:/aws/lambda/STACK
FunctionRole failures: ["Allow sqs:SendMessage arn:aws:sqs:HERE:STACK-DeadLetters"]
<|FunctionRole fan-out:
  - Allow sqs:DeleteMessage sqs:GetQueueAttributes sqs:ReceiveMessage sqs:SendMessage arn:aws:sqs:HERE:STACK-Runs>
ScheduleRole schedule:
  - Allow lambda:InvokeFunction arn:aws:lambda:HERE:function:STACK
  - Allow sqs:SendMessage arn:aws:sqs:HERE:STACK-DeadLetters
"""


def expected(most):
    """What differs between the two is written as `<with LEAST|with MOST>`."""
    text = re.sub(r"<([^<>|]*)\|([^<>|]*)>", r"\2" if most else r"\1", EXPECTED)
    return json.loads(json.dumps(yaml_parse(text)))


if __name__ == "__main__":
    main()
