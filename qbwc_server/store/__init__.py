"""Our own database: companies, the queue, visits, records, the outbox and accounts.

One module an aggregate; every function takes an open connection, so that the
caller decides what belongs into one transaction. Reads and writes of one
company are serialised by `companies.lock` at the start of a writing transaction.
"""
