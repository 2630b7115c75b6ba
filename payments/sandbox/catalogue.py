"""Customers, products and prices: what is made by one request and rarely changes."""

from typing import Any

from . import billing_objects
from .errors import no_such, refused
from .params import invalid, merged_metadata
from .state import Object, Transaction


def create_customer(tx: Transaction, params: dict[str, Any]) -> Object:
    """Make a customer."""
    number = sum(1 for _ in tx.all("customer")) + 1
    return tx.put(billing_objects.customer(created=tx.now(), params=params, number=number))


def update_customer(tx: Transaction, wanted: str, params: dict[str, Any]) -> Object:
    """Change what the parameters name."""
    customer = tx.get("customer", wanted)
    if customer is None:
        raise no_such("customer", wanted)
    for key in params.keys() - {"expand"}:
        value = params[key]
        customer[key] = merged_metadata(customer["metadata"], value) if key == "metadata" else value
    return tx.put(customer)


def create_product(tx: Transaction, params: dict[str, Any]) -> Object:
    """Make a product, under an id of one's own if wished."""
    if "id" in params and tx.get("product", params["id"]):
        raise refused("Product already exists.", code="resource_already_exists", param="id")
    return tx.put(billing_objects.product(created=tx.now(), params=params))


def create_price(tx: Transaction, params: dict[str, Any], path: str = "") -> Object:
    """Make a price for an existing product, or for one described in `product_data`."""
    inside = f"{path}[{{}}]" if path else "{}"
    if ("product" in params) == ("product_data" in params):
        message = f"You must specify either `product` or `product_data`{' in ' + path if path else ''}."
        raise invalid(message, inside.format("product"), "parameter_missing")
    lookup_key = params.get("lookup_key")
    if lookup_key and any(price["lookup_key"] == lookup_key for price in tx.all("price")):
        raise refused(f"A price (`lookup_key` {lookup_key}) already uses that lookup key.", param="lookup_key")
    if "product" in params:
        product = tx.get("product", params["product"])
        if product is None:
            raise no_such("product", params["product"], param=inside.format("product"), status=400)
    else:
        product = create_product(tx, params["product_data"])
    return tx.put(billing_objects.price(created=tx.now(), product_id=product["id"], params=params))
