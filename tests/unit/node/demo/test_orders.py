"""Orders as the chain tells them."""

import asyncio

from node.client import StreamEvent
from node.demo.orders import Orders
from tests.unit.node.demo.fakes import FakeClient, Heard, make_order, until


def event(number: int, status: str, title: str = "press-7: too hot") -> StreamEvent:
    data = {
        "id": f"{number:064x}",
        "kind": "maintenance_order",
        "twin": "press-7",
        "status": status,
        "title": title if status == "open" else "",
    }
    return StreamEvent("4.1", "action", data)


async def test_an_order_is_told_from_its_opening_to_its_answer() -> None:
    heard, client = Heard(), FakeClient()
    orders = Orders(client, heard.scene, heard.reporter)
    await orders.take(event(1, "open"))
    assert (heard.scene.orders, heard.scene.open_orders) == (1, 1)
    client.orders = [make_order(1, answers=[("windcare", "On the way.")])]
    await orders.take(event(1, "acknowledged"))
    assert (heard.scene.orders, heard.scene.open_orders, heard.scene.acknowledged) == (1, 0, 1)
    await orders.take(event(1, "completed"))
    assert heard.scene.acknowledged == 1
    assert [(name, text) for name, text, _ in heard.events] == [
        ("order_opened", "Order for press-7: too hot"),
        ("order_acknowledged", "windcare acknowledged the order for press-7: On the way."),
        ("order_completed", "windcare completed the order for press-7: On the way."),
    ]
    assert heard.events[0][2] == {
        "id": f"{1:064x}",
        "kind": "maintenance_order",
        "twin": "press-7",
        "title": "press-7: too hot",
    }
    assert heard.events[1][2]["organisation"] == "windcare"


async def test_an_event_that_comes_again_is_told_once() -> None:
    heard, client = Heard(), FakeClient()
    following = asyncio.create_task(Orders(client, heard.scene, heard.reporter).run())
    for _ in range(3):
        client.stream.put_nowait(event(1, "open"))
    client.stream.put_nowait(event(2, "open"))
    await until(lambda: heard.scene.orders == 2)
    following.cancel()
    assert heard.names == ["order_opened", "order_opened"]


async def test_an_answer_is_told_even_if_no_node_says_whose_it_is() -> None:
    heard = Heard()
    orders = Orders(FakeClient(), heard.scene, heard.reporter)
    await orders.take(event(1, "open"))
    await orders.take(event(1, "declined"))
    assert heard.events[-1][:2] == ("order_declined", "Somebody declined the order for press-7")
    assert heard.scene.acknowledged == 0
