import { defineConfig } from 'chaosproxy'
import { bytes } from './bytes.ts'
import { messages, nodes, requests } from './faults.ts'
import { hasty, oneWriter, silent } from './level.ts'
import { highWater } from './model.ts'
import { nemeses } from './nemeses.ts'
import { grumpy, numeric, shout } from './reporters.ts'
import { retold } from './story.ts'
import { fixture } from './target.ts'
import { tiny } from './tiny.ts'
import { climb } from './workload.ts'

export default defineConfig({
  extend: [
    ...bytes,
    ...nodes,
    messages,
    requests,
    ...nemeses,
    shout,
    grumpy,
    numeric,
    highWater,
    climb,
    fixture,
    tiny,
    retold,
    oneWriter,
    hasty,
    silent,
  ],
})
