import { vetOnThread } from '@chaosproxy/targets/user-file'
import { loadModel } from './own-model.ts'

// Loads a user's model for the first time: see `vetModel`.

await vetOnThread(async (path) => {
  await loadModel(path)
})
