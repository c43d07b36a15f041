"""The XML-RPC door, `/xmlrpc.php`: methods of Blogger, MetaWeblog, Movable Type and WordPress, as apps call them."""
