"""The name in the WSGI environment by which a layer in front of Flask tells what passed Flask by."""

SAID = "storefront.said"  # status and headers of what was sent past WSGI, for who measures
