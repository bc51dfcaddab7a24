import { defineConfig } from 'chaosproxy'
import { bytes } from './bytes.ts'
import { messages, nodes, requests } from './faults.ts'
import { hasty, oneWriter, silent } from './level.ts'
import { highWater } from './model.ts'
import { nemeses } from './nemeses.ts'
import { grumpy, shout } from './reporters.ts'
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
