"""A program of somebody else on the same RabbitMQ: plain AMQP 0-9-1 with pika, nothing of Masar's.

foreign.py URL send            publishes a JSON list of messages from standard input, confirmed
foreign.py URL take EXCHANGE KEY N  says "ready", then prints N messages as JSON lines
foreign.py URL return QUEUE N  takes the first message and gives it back, N times
"""
import json
import sys

import pika

connection = pika.BlockingConnection(pika.URLParameters(sys.argv[1]))
channel = connection.channel()

if sys.argv[2] == "send":
    channel.confirm_delivery()
    for message in json.load(sys.stdin):
        body = message.get("body", "")
        body = body if isinstance(body, str) else json.dumps(body)
        channel.basic_publish(
            message.get("exchange", "masar.events"),
            message["key"],
            (body + "x" * message.get("padding", 0)).encode(),
            pika.BasicProperties(
                content_type=message.get("content_type"), headers=message.get("headers"), delivery_mode=2
            ),
            mandatory=True,
        )
elif sys.argv[2] == "take":
    queue = channel.queue_declare("", exclusive=True).method.queue
    channel.queue_bind(queue, sys.argv[3], sys.argv[4])
    print("ready", flush=True)
    for count, (method, properties, body) in enumerate(channel.consume(queue, auto_ack=True), 1):
        print(
            json.dumps(
                {
                    "key": method.routing_key,
                    "content_type": properties.content_type,
                    "headers": properties.headers,
                    "body": json.loads(body),
                }
            ),
            flush=True,
        )
        if count == int(sys.argv[5]):
            break
elif sys.argv[2] == "return":
    for _ in range(int(sys.argv[4])):
        method = None
        while method is None:
            method, _, _ = channel.basic_get(sys.argv[3])
        channel.basic_nack(method.delivery_tag, requeue=True)
connection.close()
