/** The prefix of a reference to a user's program: `exec:python3 node.py`. */
export const EXECUTED = 'exec:'

export const isBinary = (reference: string): boolean => reference.startsWith(EXECUTED)

/** Returns whether a reference names a program of Maelstrom and its workload: `maelstrom:lin-kv:./node`. */
export const isMaelstrom = (reference: string): boolean => /^maelstrom(:|$)/.test(reference)
