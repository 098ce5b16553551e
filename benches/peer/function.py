"""The daily queue report as a Lambda in Python would make it: a peer to compare the program with.

It asks what reports/daily-queues.toml asks, through boto3, with all pages; renders HTML with Jinja2 and plain
text; and mails each recipient through SES, with a CSV file for each table. It has no records, no charts and no
workbook, cuts nothing into requests, and merges nothing: where it is faster for that, it may be.
"""

import csv
import datetime
import io
import zoneinfo
from email.message import EmailMessage
from pathlib import Path

import boto3
import jinja2

INSTANCE = "arn:aws:connect:eu-west-2:123456789012:instance/aaaabbbb-1111-4222-8333-ccccddddeeee"
ZONE = zoneinfo.ZoneInfo("Europe/London")
FROM = "Queue reports <reports@example.com>"
TO = ["ops@example.com", "Ana <ana@example.com>"]

connect = boto3.client("connect")
ses = boto3.client("sesv2")
templates = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent), autoescape=True, trim_blocks=True, lstrip_blocks=True)

LEVEL = {"Name": "SERVICE_LEVEL", "Threshold": [{"Comparison": "LT", "ThresholdValue": 20}]}
DAY = [LEVEL, "CONTACTS_QUEUED", "CONTACTS_ABANDONED", "AVG_QUEUE_ANSWER_TIME"]
QUEUES = ["CONTACTS_QUEUED", LEVEL, "AVG_QUEUE_ANSWER_TIME", "AVG_HANDLE_TIME", "CONTACTS_ABANDONED"]
HOURS = ["CONTACTS_QUEUED", "CONTACTS_ABANDONED"]


def by_initiation(negate):
    of = {"MetricFilterKey": "INITIATION_METHOD", "MetricFilterValues": ["INBOUND"], "Negate": negate}
    return {"Name": "CONTACTS_HANDLED", "MetricFilters": [of]}


CALLS = ["CONTACTS_HANDLED", by_initiation(False), by_initiation(True)]


def handler(event, context):
    day = datetime.datetime.fromisoformat(event["time"]).astimezone(ZONE).date() - datetime.timedelta(days=1)
    queues = all_queues()
    names = {queue["Id"]: queue["Name"] for queue in queues}
    ids = list(names)
    calls = [queue["Id"] for queue in queues if queue["Name"] in ("Sales", "Support")]
    sections = [
        section("The day at a glance", day, ids, DAY, names),
        section("By queue", day, ids, QUEUES, names, group=["QUEUE"]),
        section("Through the day", day, ids, HOURS, names, interval="HOUR"),
        section("How calls came in", day, calls, CALLS, names, group=["QUEUE"], channel=["VOICE"]),
    ]
    subject = f"Daily queue report, {day:%A %d %B %Y}"
    html = page.render(subject=subject, sections=sections)
    sent = [send(to, subject, html, sections, day) for to in TO]
    return {"success": True, "messages": sent}


def all_queues():
    pages = connect.get_paginator("list_queues").paginate(
        InstanceId=INSTANCE.rsplit("/", 1)[1], QueueTypes=["STANDARD"])
    return [queue for answer in pages for queue in answer["QueueSummaryList"]]


def section(title, day, queues, metrics, names, group=(), interval="TOTAL", channel=()):
    """A table: the rows of the day, each figure with that of the same day a week before."""
    now = figures(day, queues, metrics, group, interval, channel)
    before = figures(day - datetime.timedelta(days=7), queues, metrics, group, interval, channel)
    rows = []
    for key, values in sorted(now.items(), key=lambda row: [str(part) for part in row[0]]):
        queue, hour = key
        label = names.get(queue) or (f"{hour:02}:00" if hour is not None else "All queues")
        earlier = before.get(key, {})
        rows.append([label] + [(values.get(n), earlier.get(n)) for n in range(len(metrics))])
    heads = [metric if isinstance(metric, str) else metric["Name"] for metric in metrics]
    return {"title": title, "heads": heads, "rows": rows}


def figures(day, queues, metrics, group, interval, channel):
    midnight = datetime.time()
    start = datetime.datetime.combine(day, midnight, ZONE)
    end = datetime.datetime.combine(day + datetime.timedelta(days=1), midnight, ZONE)
    filters = [{"FilterKey": "QUEUE", "FilterValues": queues}]
    filters += [{"FilterKey": "CHANNEL", "FilterValues": list(channel)}] if channel else []
    wanted = [{"Name": metric} if isinstance(metric, str) else metric for metric in metrics]
    places = [identity(metric) for metric in wanted]
    query = dict(
        ResourceArn=INSTANCE, StartTime=start, EndTime=end, Filters=filters, Groupings=list(group),
        Metrics=wanted, Interval={"TimeZone": str(ZONE), "IntervalPeriod": interval}, MaxResults=100)
    rows = {}
    for answer in pages_of(query):
        for result in answer["MetricResults"]:
            queue = result.get("Dimensions", {}).get("QUEUE")
            times = result.get("MetricInterval", {})
            hour = times["StartTime"].astimezone(ZONE).hour if interval != "TOTAL" else None
            # The metric filters tell metrics of the same name apart.
            found = {places.index(identity(one["Metric"])): one.get("Value") for one in result["Collections"]}
            rows[queue, hour] = found
    return rows


def pages_of(query):
    """boto3 has no paginator for this operation."""
    while True:
        answer = connect.get_metric_data_v2(**query)
        yield answer
        if not answer.get("NextToken"):
            return
        query["NextToken"] = answer["NextToken"]


def identity(metric):
    """What tells a metric from others, in a request and in its answer, which leaves out what is false."""
    filters = metric.get("MetricFilters") or []
    return metric["Name"], [(of["MetricFilterKey"], of.get("Negate", False)) for of in filters]


def send(to, subject, html, sections, day):
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = FROM, to, subject
    mail.set_content("\n\n".join(as_text(table) for table in sections))
    mail.add_alternative(html, subtype="html")
    for number, table in enumerate(sections, 1):
        mail.add_attachment(as_csv(table), filename=f"daily-queues-{day}-{number}.csv", subtype="csv")
    address = to.rpartition("<")[2].strip(">")
    answer = ses.send_email(
        FromEmailAddress=FROM.rpartition("<")[2].strip(">"), Destination={"ToAddresses": [address]},
        Content={"Raw": {"Data": mail.as_bytes()}})
    return answer["MessageId"]


def as_text(table):
    lines = [table["title"]]
    for row in table["rows"]:
        lines.append("  ".join([f"{row[0]:<24}"] + [f"{show(now):>10} {show(before):>10}" for now, before in row[1:]]))
    return "\n".join(lines)


def as_csv(table):
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow([""] + table["heads"])
    rows.writerows([row[0]] + [now for now, _ in row[1:]] for row in table["rows"])
    return text.getvalue()


def show(value):
    return "-" if value is None else f"{value:,.1f}"


templates.filters["show"] = show
page = templates.get_template("report.html.j2")
