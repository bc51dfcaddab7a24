import { readFileSync } from 'node:fs'
import { UserError } from '@chaosproxy/history'
import { whyUnreadable } from '@chaosproxy/history/files'

/** @throws UserError (input) naming the option if the file cannot be read. */
export const readTextFile = (option: string, path: string): string => readBytesFile(option, path).toString('utf8')

/** @throws UserError (input) naming the option if the file cannot be read. */
export function readBytesFile(option: string, path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (error) {
    throw new UserError('input', `--${option} ${path}: ${whyUnreadable(error)}`)
  }
}

/** @throws UserError (input) naming the option if the file cannot be read, and the file if it is not JSON. */
export function readJsonFile(option: string, path: string): unknown {
  const text = readTextFile(option, path)
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new UserError('input', `${path}: this is no JSON: ${error instanceof Error ? error.message : String(error)}`)
  }
}
