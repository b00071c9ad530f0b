"""What `veritwin contract new` begins with: each folder holds a contract and its tests."""
