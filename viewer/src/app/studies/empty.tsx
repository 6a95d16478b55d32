/** The list without studies: how to send the first one. */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';

import { t } from '../../i18n/locale';
import '../../i18n/pages';
import { type About, readAbout } from '../api';
import { Icon } from '../icons';

const COPIED_FOR_MS = 2000;

export function EmptyArchive(): JSX.Element {
  const [about, setAbout] = useState<About | null>(null);
  useEffect(() => {
    readAbout().then(setAbout, () => undefined); // without it the page still says what to do
  }, []);
  const host = globalThis.location.hostname;
  return (
    <section class="empty">
      <span class="mark"><Icon name="inbox" /></span>
      <h2>{t('studies.empty')}</h2>
      <p>{t('studies.empty_lead')}</p>
      {about && (
        <>
          <dl class="address number">
            <div><dt>{t('studies.empty_ae')}</dt><dd>{about.ae_title}</dd></div>
            <div><dt>{t('studies.empty_host')}</dt><dd>{host}</dd></div>
            <div><dt>{t('studies.empty_port')}</dt><dd>{about.dicom_port}</dd></div>
          </dl>
          <p class="quiet">{t('studies.empty_command')}</p>
          <Command text={`dcmsend -aec ${about.ae_title} ${host} ${about.dicom_port} *.dcm`} />
        </>
      )}
    </section>
  );
}

function Command({ text }: { readonly text: string }): JSX.Element {
  const [copied, setCopied] = useState(false);
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      return; // no permission: the command is on the screen to be copied by hand
    }
    setCopied(true);
    setTimeout(() => setCopied(false), COPIED_FOR_MS);
  };
  return (
    <div class="command">
      <code>{text}</code>
      <button type="button" class="icon-button" aria-label={t('studies.copy')} title={t('studies.copy')} onClick={() => void copy()}>
        <Icon name={copied ? 'check' : 'copy'} />
      </button>
      <span class="visually-hidden" role="status">{copied ? t('studies.copied') : ''}</span>
    </div>
  );
}
