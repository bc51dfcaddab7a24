/** The prefix of a reference to a user's program: `exec:python3 node.py`. */
export const EXECUTED = 'exec:'

export const isBinary = (reference: string): boolean => reference.startsWith(EXECUTED)
