/** Starts the application in the page. */
import { render } from 'preact';

import { App } from './app';
import { startTheme } from './theme';
import '../styles/tokens.css';
import '../styles/base.css';

startTheme();
const root = document.getElementById('app');
if (root) render(<App />, root);
