// Modules that read bytes copy these constants, because V8 loads an imported one at every use.

export const TAB = 0x09
export const NEWLINE = 0x0a
export const RETURN = 0x0d
export const SPACE = 0x20
export const COMMA = 0x2c
export const MINUS = 0x2d
export const ZERO = 0x30
export const NINE = 0x39
export const COLON = 0x3a
export const OPEN_BRACKET = 0x5b
export const BACKSLASH = 0x5c
export const CLOSE_BRACKET = 0x5d
export const OPEN_BRACE = 0x7b
export const CLOSE_BRACE = 0x7d
export const DELETE = 0x7f

export const ascii = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0))

export const NULL_TEXT: Uint8Array = ascii('null')
export const TRUE_TEXT: Uint8Array = ascii('true')
export const FALSE_TEXT: Uint8Array = ascii('false')
