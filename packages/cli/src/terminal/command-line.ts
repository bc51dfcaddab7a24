/** A command as it can be pasted into a POSIX shell: each word is quoted where the shell would read more into it. */
export const commandLine = (words: readonly string[]): string => words.map(quoted).join(' ')

/** A file among the words: one whose name begins with a dash must not be taken for an option. */
export const fileWord = (path: string): string => (path.startsWith('-') && path !== '-' ? `./${path}` : path)

/** Nothing but a single quote means anything between single quotes (POSIX.1-2017, Shell Command Language, 2.2.2). */
const quoted = (word: string): string => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)
