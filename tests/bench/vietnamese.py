"""Vietnamese person names as often as people bear them, for an index that answers like a real one."""

import random
from itertools import accumulate

# Per mille of the population, rounded; the fourteen first are borne by nine of ten.
FAMILY = {
    "Nguyễn": 384, "Trần": 110, "Lê": 95, "Phạm": 71, "Huỳnh": 30, "Hoàng": 21, "Phan": 45, "Vũ": 20, "Võ": 19,
    "Đặng": 21, "Bùi": 20, "Đỗ": 14, "Hồ": 13, "Ngô": 13, "Dương": 10, "Lý": 5, "Đinh": 9, "Đoàn": 8, "Trịnh": 7,
    "Lương": 7, "Mai": 6, "Cao": 6, "Tạ": 5, "Hà": 6, "Thái": 4, "Quách": 2, "Vương": 3, "Châu": 3, "Tô": 3, "Kim": 2,
    "Tăng": 2, "Thạch": 2, "Lâm": 5, "Đào": 5, "Phùng": 4, "Chu": 3, "Nông": 3, "Lò": 3, "Giàng": 2, "Vàng": 2,
    "Sùng": 2, "Triệu": 2, "H'": 1, "Y": 1, "Ksor": 1, "Rơ Châm": 1, "Siu": 1,
}  # fmt: skip
MIDDLE = {
    "F": {"Thị": 560, "Ngọc": 60, "Thu": 40, "Thanh": 40, "Thùy": 30, "Kim": 30, "Minh": 25, "Bảo": 20, "Thị Ngọc": 35,
          "Thị Thu": 35, "Thị Thanh": 30, "Thị Kim": 30, "Phương": 20, "Khánh": 15, "Mỹ": 15, "Hồng": 15},
    "M": {"Văn": 430, "Hữu": 60, "Đức": 55, "Minh": 60, "Quốc": 45, "Công": 35, "Thanh": 45, "Đình": 40, "Xuân": 35,
          "Quang": 40, "Ngọc": 40, "Gia": 30, "Anh": 20, "Trọng": 20, "Tấn": 20, "Thành": 25},
}  # fmt: skip
GIVEN = {
    "F": "Anh Linh Hương Lan Hoa Hằng Hà Trang Thảo Mai Phương Ngọc Hiền Thủy Nhung Yến Nga Hạnh Dung Loan"
    " Tuyết Vân Oanh Thu Huyền Liên Trinh Quỳnh Nhi My Vy Ngân Trâm Châu Diễm Bích Xuân Cúc Đào Lý Hồng"
    " Tâm Thơm Mận Lành Gấm Sen Nguyệt Thương Tươi Duyên Giang Khánh Tiên Uyên Thúy Phượng Hoài Chi Bình"
    " Hậu Kiều Lệ Mơ Na Nết Út Thắm Thoa Toàn Viên",
    "M": "Hùng Dũng Tuấn Minh Nam Anh Thắng Long Hải Sơn Cường Đức Hoàng Huy Quang Tùng Trung Kiên Khoa Phúc"
    " Thành Bình Tâm Hiếu Đạt Phong Lâm Tài Vinh Thịnh Lộc Khánh Bảo Nghĩa Toàn Tiến Hưng Việt Quân Duy"
    " Khang Sang Hậu Tú Định Mạnh Quyết Chiến Thái Đông Hòa An Ẩn Bảy Chín Công Đại Giáp Hào Kha Lực"
    " Mười Năm Phước Quý Sáu Tám Tư Út Vũ Xuân Ý",
}  # fmt: skip


class Names:
    """Draws names; the same of one seed.

    Given names follow Zipf's law with an exponent below one: the commonest is borne by one in twenty.
    """

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._family = (list(FAMILY), list(accumulate(FAMILY.values())))
        self._middle = {sex: (list(found), list(accumulate(found.values()))) for sex, found in MIDDLE.items()}
        self._given = {
            sex: (names.split(), list(accumulate(1 / (rank + 3) ** 0.7 for rank in range(len(names.split())))))
            for sex, names in GIVEN.items()
        }

    def draw(self, sex: str) -> str:
        """One person name in DICOM's writing; as hospitals send it: mostly capitals, some without diacritics."""
        family, middle, given = (
            self._chance.choices(names, cum_weights=weights)[0]
            for names, weights in (self._family, self._middle[sex], self._given[sex])
        )
        if self._chance.random() < 0.12:
            given = f"{self._chance.choices(self._given[sex][0], cum_weights=self._given[sex][1])[0]} {given}"
        form = self._chance.random()
        if form < 0.7:
            return f"{family}^{middle} {given}".upper()
        return f"{family} {middle} {given}".upper() if form < 0.9 else f"{family}^{middle}^{given}"
