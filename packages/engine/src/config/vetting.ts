import { vetOnThread } from '@chaosproxy/targets/user-file'
import { importConfig } from './import.ts'

// Loads a configuration for the first time, on a thread that it may crash or block. See `loadConfig`.

await vetOnThread(async (path) => {
  await importConfig(path)
})
