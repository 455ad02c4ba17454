/** Frames in other languages than English; N stands for a number. The task is the same in any language, the words are not. */
import type { TaskName } from '@refrain/judgement';

const list = (text: string): string[] => text.trim().split(/\s*\n\s*/);

/** Frames by task. */
export const foreignFrames: Readonly<Partial<Record<TaskName, readonly string[]>>> = {
  reasoning: list(`证明：当n足够大时，N的倍数比质数多。
    已知函数f(x)=x^2-Nx+N，求f(x)的最小值，并说明理由。
    一辆汽车以N公里的时速行驶，求N小时后它走了多少距离？
    计算这个矩阵的特征值，写出步骤。
    哪两个数的最小公倍数是N？请列出所有组合并解释。
    设随机变量X服从参数为N的泊松分布，求概率P(X>N)。
    Докажите, что сумма N последовательных чисел делится на N.
    Найдите значение выражения N^2 - N и объясните решение.
    Решите уравнение x^2 + Nx - N = 0.
    Какова масса бруса длиной N см, шириной N см и высотой N см? Вычислите.
    Какова вероятность того, что выпадет N? Решите задачу по шагам.
    Demuestra que la suma de N números impares es un cuadrado. Calcula el límite.
    Un tren sale a las N y recorre N kilómetros. ¿Cuál es su velocidad media?
    Resuelve la ecuación x^2 - Nx + N = 0 paso a paso y halla las raíces.
    Beweise, dass jede Gruppe der Ordnung N abelsch ist. Berechne das Integral.
    Wie viele Möglichkeiten gibt es, N Kugeln auf N Kästen zu verteilen?
    Löse die Gleichung Nx + N = N und begründe jeden Schritt.
    Montrer que la suite est convergente et calculer sa limite pour n = N.
    Résoudre l'équation Nx^2 + Nx - N = 0. Quelle est la probabilité ?
    Soit un triangle de côtés N et N cm. Calculer son aire et démontrer le résultat.
    Tính tổng các nghiệm của phương trình x^2 - Nx + N = 0.
    Cho tam giác có cạnh N cm và N cm. Tính diện tích và chứng minh.
    Chứng minh rằng với mọi số tự nhiên n, biểu thức chia hết cho N. Giải thích.
    Prove que a soma dos N primeiros números é divisível por N. Calcule a probabilidade.
    Quantas maneiras existem de distribuir N bolas em N caixas? Resolva passo a passo.
    Calcola la derivata della funzione e risolvi l'equazione per x = N. Dimostra il teorema.
    N개의 공을 N개의 상자에 넣는 방법의 수를 구하시오. 풀이를 쓰시오.
    nが十分大きいとき、この不等式が成り立つことを証明せよ。確率を計算しなさい。
    Oblicz pole trójkąta o bokach N i N cm. Udowodnij twierdzenie.
    Bir tren N saatte N kilometre gider. Ortalama hızını hesaplayınız ve ispatlayınız.`),
  code: list(`用Python写一个函数，把列表按第N列排序。
    请用C++实现：输入一个整数n，输出第N个排列。
    这段代码报错了，怎么修改？print(x[N])
    写一个SQL查询，找出每个月的前N个用户。
    前端怎么用JavaScript监听按钮点击事件？代码示例
    Напиши функцию на Python, которая сортирует список по N-му полю.
    Как исправить ошибку в этом коде на C++? int a[N]; cout << a[N];
    Напиши скрипт на bash, который удаляет файлы старше N дней.
    Какая сложность у этого алгоритма? Перепиши код быстрее.
    Escribe una función en Java que devuelva los N primeros elementos de una lista.
    ¿Cómo corrijo este error en mi código de PHP? Undefined index N
    Crea un script de Python que lea un archivo CSV y agrupe por mes.
    Schreibe eine Funktion in Kotlin, die eine Liste nach Datum sortiert.
    Warum wirft mein Programm eine Exception? Array der Länge N
    Écris un programme en C qui lit N entiers et affiche leur somme.
    Comment corriger cette erreur dans mon code JavaScript ?
    Viết hàm Python tìm số lớn thứ N trong danh sách.
    Escreva uma função em Python que ordene N objetos por data. Como corrigir o erro no código?
    Scrivi una funzione in Python che legge un file JSON e stampa N righe.
    파이썬으로 N번째 피보나치 수를 구하는 함수를 작성해줘. 코드
    JavaScriptで配列をN個ずつに分割する関数を書いてください。コード`),
  text: list(`写一封给客户的道歉信。
    请帮我写一篇关于春天的作文，N字左右。
    把下面的段落翻译成英文，语气正式一些。
    讲一个关于猫和月亮的故事。
    推荐N本适合初学者的书，并介绍每一本。
    你觉得远程办公有什么好处和坏处？
    Напиши рассказ о девочке, которая потеряла ключ.
    Составь письмо начальнику с просьбой об отпуске на N дней.
    Расскажи о достопримечательностях Казани.
    Перепиши текст проще и короче.
    Придумай N названий для кофейни.
    Escribe un cuento sobre un dragón que tiene miedo. Unas N palabras.
    Redacta un correo para pedir N días de vacaciones.
    Dame la mejor continuación para mi novela: el personaje llega a la ciudad.
    ¿Qué lugares recomiendas visitar en Lima?
    Schreibe ein Gedicht über den Herbst und eine Rede zum Geburtstag.
    Fasse den folgenden Text in N Sätzen zusammen.
    Was sind die Vor- und Nachteile von Homeoffice?
    Écris une lettre de motivation pour un poste de vendeur.
    Raconte une histoire de pirates pour les enfants, environ N mots.
    Viết một bài văn tả mùa thu khoảng N chữ.
    Viết thư xin lỗi khách hàng và dịch sang tiếng Anh.
    Escreva um poema sobre o mar. Quais são as vantagens do trabalho remoto?
    Scrivi una lettera di ringraziamento e un racconto breve di N parole.
    가을에 대한 짧은 이야기를 써줘. 고객에게 보낼 이메일도 작성해줘.
    秋についての短い物語を書いてください。お客様へのメールも書いてください。`),
};
