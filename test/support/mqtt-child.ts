// A box with nothing but the MQTT face, in a process of its own: to be killed. Arguments: node name, URL of the broker,
// folder.
import { mqttHouse } from './mqtt-house.js'

const [node, url, folder] = process.argv.slice(2)
const house = await mqttHouse({ node, folder })
house.feed.set('observatory', { name: 'To be killed' })
await house.face({ broker: { url } }).start()
// The face keeps no process alive by itself.
setInterval(() => undefined, 60_000)
