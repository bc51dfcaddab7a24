import { brokerExhibits } from './brokers.ts'
import { cacheExhibits } from './caches.ts'
import { coordinatorExhibits } from './coordinators.ts'
import { databaseExhibits } from './databases.ts'
import type { Exhibit } from './exhibit.ts'
import { expressExhibits } from './express.ts'
import { found } from './found.ts'
import { httpRetries } from './http-retries.ts'
import { clockExhibits, fileLocks, redisLocks } from './locks.ts'
import { modelExhibits } from './models.ts'
import { checkThenInsert, ormExhibits, poolBegin } from './orms.ts'
import { examplePackages } from './packages.ts'
import { queueExhibits } from './queues.ts'
import { simulatedServices } from './simulated.ts'

/** The weaknesses that `chaos gallery` shows. New findings come first, embedded models last. */
export const gallery: readonly Exhibit[] = [
  ...found,
  ...examplePackages,
  ...httpRetries,
  ...cacheExhibits,
  ...redisLocks,
  ...fileLocks,
  ...queueExhibits,
  poolBegin,
  ...ormExhibits,
  checkThenInsert,
  ...expressExhibits,
  ...databaseExhibits,
  ...coordinatorExhibits,
  ...brokerExhibits,
  ...clockExhibits,
  ...simulatedServices,
  ...modelExhibits,
]
