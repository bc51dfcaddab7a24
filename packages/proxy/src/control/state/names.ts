import { ControlError } from './errors.ts'

/** @throws ControlError (400) for a name that cannot be shown in a URL or a terminal. */
export function validateName(what: string, name: string, longest: number = LONGEST_NAME): void {
  if (name === '') throw new ControlError(400, 'missing required field: name')
  if (name.length > longest)
    throw new ControlError(400, `the name of ${what} has ${name.length} characters; at most ${longest} are allowed`)
  if (UNSPEAKABLE.test(name))
    throw new ControlError(400, `the name ${JSON.stringify(name)} cannot be part of a URL: give ${what} another name`)
}

const LONGEST_NAME = 256

/**
 * Names to reject. URL clients resolve dots as path steps; terminals interpret control characters and direction marks.
 */
const UNSPEAKABLE = /^\.\.?$|[\p{Cc}\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/u
