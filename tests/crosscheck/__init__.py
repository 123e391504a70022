"""What badhop says of captures, beside what others say: tcptrace, tshark, and the lab's truth."""
