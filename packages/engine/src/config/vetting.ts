import { vetOnThread } from '@chaosproxy/targets/user-file'
import { importConfig } from './import.ts'

// Loads a configuration for the first time, on a thread that may crash or block: see `loadConfig`.

await vetOnThread(async (path) => {
  await importConfig(path)
})
