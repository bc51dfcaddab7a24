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
export const readJsonFile = (asker: string, path: string): unknown => parsedJson(readTextFile(asker, path), path)

/**
 * Parses a JSON file. Unlike those of `readJsonFile`, its error messages begin with the path.
 *
 * @throws UserError (input) if it is not JSON, or with the code `unread` if it cannot be read.
 */
export const readJsonAt = (path: string, unread?: Unread): unknown => parsedJson(readTextAt(path, unread), path)

type Unread = 'usage' | 'input'

/** @throws UserError with the code `unread` if the file cannot be read. The message begins with the path. */
export function readTextAt(path: string, unread: Unread = 'input'): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new UserError(unread, `${path}: ${whyUnreadable(error)}`)
  }
}

function parsedJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw inputError(`${path}: this is not valid JSON: ${errorText(error)}`)
  }
}
