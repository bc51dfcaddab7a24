export const EXECUTED = 'exec:'

export const isBinary = (reference: string): boolean => reference.startsWith(EXECUTED)

export const isMaelstrom = (reference: string): boolean => /^maelstrom(:|$)/.test(reference)
