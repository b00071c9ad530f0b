"""Let two organisations sign off a document before it counts."""

from contracts.author import Map, call, ctx, fail, record

NEEDED = 2


@record
class Document:
    """A document, by its hash, and who has signed it off."""

    proposed_by: str
    signed_by: dict[str, int]


documents = Map(Document)


@call
def propose(sha256: str) -> None:
    """Put a document up; proposing is not signing."""
    if len(sha256) != 64 or sha256 in documents:
        fail("a document is proposed once, by its SHA-256 in 64 digits")
    documents[sha256] = Document(proposed_by=ctx.sender, signed_by={})


@call
def sign(sha256: str) -> bool:
    """Sign a document off; says whether it counts now."""
    document = documents.get(sha256)
    if document is None:
        fail("nobody proposed this document")
    if document.proposed_by == ctx.sender:
        fail("who proposed a document does not sign it off")
    document.signed_by[ctx.sender] = ctx.time_ms
    documents[sha256] = document
    counts = len(document.signed_by) == ctx.parameter("needed", NEEDED)
    if counts:
        ctx.emit("signed_off", {"sha256": sha256})
    return counts
