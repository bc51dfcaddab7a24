import { readFileSync } from 'node:fs'
import { errorText, inputError, UserError } from '@chaosproxy/history'
import { whyUnreadable } from '@chaosproxy/history/files'

/** @throws UserError (input) if the file cannot be read. The message begins with `asker`, such as `--config`. */
export const readTextFile = (asker: string, path: string): string => readBytesFile(asker, path).toString('utf8')

/** @throws UserError (input) if the file cannot be read. The message begins with `asker`, such as `--config`. */
export function readBytesFile(asker: string, path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (error) {
    throw inputError(`${asker} ${path}: ${whyUnreadable(error)}`)
  }
}

/**
 * @throws UserError (input) if the file cannot be read, or is not JSON. The message begins with `asker` or with the
 * file.
 */
export function readJsonFile(asker: string, path: string): unknown {
  const text = readTextFile(asker, path)
  try {
    return JSON.parse(text)
  } catch (error) {
    throw inputError(`${path}: this is not valid JSON: ${errorText(error)}`)
  }
}

/**
 * Parses a JSON file. Unlike those of `readJsonFile`, its error messages begin with the path.
 *
 * @throws UserError (input) if it is not JSON, or with the code `unread` if it cannot be read.
 */
export function readJsonAt(path: string, unread: 'usage' | 'input' = 'input'): unknown {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    throw new UserError(unread, `${path}: ${whyUnreadable(error)}`)
  }
  try {
    return JSON.parse(text)
  } catch (error) {
    throw inputError(`${path}: this is not valid JSON: ${(error as Error).message}`)
  }
}
