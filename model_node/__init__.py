"""One gRPC server that holds one code model."""
