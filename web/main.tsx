// Starts the page: the stream, the session, the app. Everything it shows comes from the box it was loaded from.
import { render } from 'preact'
import { App } from './app'
import { learnSession, pairFromAddress } from './ask'
import { leadHome } from './home-address'
import { boot, listenToBox } from './live'
import './styles/theme.css'
import './styles/frame.css'
import './styles/parts.css'
import './styles/controls.css'
import './styles/pictures.css'
import './styles/viewer.css'
import './styles/views.css'
import './styles/calibration.css'
import './styles/files.css'
import './styles/setup.css'

listenToBox()
// A box that started anew may have forgotten us, or been opened to all.
boot.listen(() => void learnSession())
void pairFromAddress().then(leadHome)

const place = document.getElementById('app')!
place.textContent = ''
render(<App />, place)
