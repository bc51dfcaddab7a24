/** Returns a command to paste into a POSIX shell, with words quoted where necessary. */
export const commandLine = (words: readonly string[]): string => words.map(quoted).join(' ')

/**
 * Returns a path as a word of a command line. A path that begins with a dash gets the prefix `./`, so that it does not
 * look like an option.
 */
export const fileWord = (path: string): string => (path.startsWith('-') && path !== '-' ? `./${path}` : path)

/**
 * Quotes a word. Between single quotes only a single quote is special (POSIX.1-2017, Shell Command Language, 2.2.2).
 */
const quoted = (word: string): string => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)
