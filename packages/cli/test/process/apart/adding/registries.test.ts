import { valueForms } from '../../../../../recorder/src/routes/forms/registry.ts'
import { places } from '../../../../../recorder/src/routes/places/registry.ts'
import { registry } from '../../../../src/commands/registry.ts'
import { greet } from '../../../adding/registered/command.ts'
import { behind } from '../../../adding/registered/route-form.ts'
import { baggage } from '../../../adding/registered/route-place.ts'

// These extensions need a line in a registry of ours, so a configuration cannot add them. All of them are registered
// before the imported test files load the code that reads the registries.
Object.assign(valueForms, { [valueForms.length]: behind })
Object.assign(places, { [places.length]: baggage })
Object.assign(registry, { greet: async () => greet })

await import('../../../adding/command.ts')
await import('../../../adding/route-form.ts')
await import('../../../adding/route-place.ts')
