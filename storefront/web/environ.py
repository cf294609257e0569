"""Names in the WSGI environment by which the layers in front of Flask tell each other what passed Flask by."""

SERVER = "storefront.server"  # the server's own start_response, for who can send past WSGI
SAID = "storefront.said"  # status and headers of what was sent past WSGI, for who measures
