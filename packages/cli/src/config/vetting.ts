import { vetOnThread } from '@chaosproxy/targets/user-file'
import { importConfig } from './load.ts'

// A configuration, loaded for the first time, on a thread that may come to any end. See `loadConfig`.

await vetOnThread(async (path) => {
  await importConfig(path)
})
