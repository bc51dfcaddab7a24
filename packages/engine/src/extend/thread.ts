/** Names the configuration whose extensions a thread merges before it works. Threads inherit the environment. */
export const VARIABLE = 'CHAOS_EXTEND'

/** For a thread: merges what its process has merged. */
export async function extendThread(): Promise<void> {
  const path = process.env[VARIABLE]
  if (path === undefined) return
  const [{ importConfig }, { extendBy }] = await Promise.all([import('../config/import.ts'), import('./from-file.ts')])
  await extendBy(await importConfig(path), path)
}
