// oslo.log's formats.
