"""Sample studies made by calculation: anatomical phantoms with noise, free of any patient and any licence.

:mod:`sample_studies.generation` writes them; :mod:`sample_studies.real` names the readable images of pydicom;
:mod:`sample_studies.start` is ``make run``. See README.md.
"""
