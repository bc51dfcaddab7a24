/** Begins a reference to a program of the user's: `exec:python3 node.py`. */
export const EXECUTED = 'exec:'

export const isBinary = (reference: string): boolean => reference.startsWith(EXECUTED)
