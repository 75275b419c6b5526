"""What the data path could be made of instead: other clients, other servers, under one interface and one suite."""
